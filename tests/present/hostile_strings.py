"""Strings that mean something to somebody's renderer, and a renderer that lets them: HTML, tables, links in text."""

import re
import unicodedata
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.tasklists import tasklists_plugin

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<IMG SRC=javascript:alert('XSS')>",
    "<svg/onload=alert(1)>",
    "<a href='https://evil.example'>dose</a>",
    "<iframe srcdoc='<b>x</b>'></iframe>",
    "<!-- comment -->",
    "<![CDATA[x]]>",
    "<?php echo 1 ?>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;b&#62;",
    "\\<b\\>",
    "[click](https://evil.example)",
    "[click](javascript:alert(1))",
    "![x](https://evil.example/pixel.png)",
    "[x][ref]\n\n[ref]: https://evil.example",
    "<https://evil.example>",
    "https://evil.example/path?q=1",
    "http://evil.example",
    "ftp://evil.example",
    "www.evil.example",
    "evil.example",
    "evil.example.com/x",
    "someone@evil.example",
    "mailto:someone@evil.example",
    "javascript:alert(1)",
    "//evil.example",
    "**bold** __bold__ *em* _em_ ~~strike~~",
    "`code` ``code``",
    "```\nfenced\n```",
    "# heading",
    "\n# heading\n",
    "heading\n===",
    "heading\n---",
    "- item\n- item",
    "1. item",
    "1) item",
    "> quote",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "- [ ] task",
    "line one  \nline two",
    "\n\n\n\n- A new bullet: safe to give.",
    "***",
    "\u202eenohtem\u202c",
    "oxy\u200bcodone",
    "oxy\u0000codone",
    "oxy\u2028codone\u2029",
    "\x1b[31mred\x1b[0m",
    "{{drug}} {{clear}}",
    "$(rm -rf /)",
    "'; DROP TABLE cards; --",
    "％3Cscript％3E",
    "＜script＞alert(1)＜/script＞",
    "![a](data:image/svg+xml;base64,PHN2Zz4=)",
    "<style>*{display:none}</style>",
    "<b " + "x" * 5000,
    "a, " * 2000,
    "(" * 500,
    "naltrexone " * 300,
    # HTML that acts without a script element
    "<details open ontoggle=alert(1)>",
    "<base href=//evil.example>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<form action=https://evil.example><input name=q></form>",
    "<object data=evil.swf></object><embed src=evil.swf>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<video><source onerror=alert(1)></video>",
    "<math><mtext></mtext><mglyph><svg><mtext><style><img src=x onerror=alert(1)></style>",
    "<div>\n\n**still Markdown**\n\n</div>",
    "</p></div><script >alert(1)</script\t>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "&#x3c;img src=x onerror=alert(1)&#x3e;",
    "&Tab;&NewLine;javascript&colon;alert(1)",
    # links in other dress
    "[click](vbscript:msgbox(1))",
    "[click](data:text/html;base64,PHNjcmlwdD4=)",
    "[click](jAvAsCrIpT&#58;alert(1))",
    '[click]( <javascript:alert(1)> "title")',
    "[a][b][c]\n\n[b]: javascript:alert(1) 'x'",
    "<javascript:alert(1)>",
    "<someone@evil.example>",
    "tel:+15551234567 sms:+15551234567",
    "file:///etc/passwd \\\\evil\\share",
    "http://127.0.0.1/x 192.0.2.7/x [::1]/x",
    "https\u200b://evil.example",
    "https://\u0435vil.example",
    "ｈｔｔｐｓ：//ｅｖｉｌ．ｅｘａｍｐｌｅ",
    "evil。example evil．example evil｡example",
    "//192.0.2.7/x / /192.0.2.7 /\n/192.0.2.7",
    "xn--e1awd7f.example",
    "WWW.EVIL.EXAMPLE",
    "@someone #1 GH-1 evil/repo@0123456",
    # Markdown of one client or the other
    "note[^1]\n\n[^1]: a footnote",
    "*[LDN]: something else",
    "term\n: definition",
    "~~~\nfence\n~~~",
    "    code by four blanks",
    "\tcode by a tab",
    "a | b\n:-|-:\n1 | 2",
    "$$\\href{https://evil.example}{x}$$",
    ":::warning\nx\n:::",
    ":smile: ==mark== ++ins++ H~2~O x^2^",
    "* * *\n_ _ _\n- - -",
    "10. ten\n11) eleven",
    "> [!WARNING]\n> Safe to give",
    "text\r\rText",
    "\\\n\\# \\* \\[x\\](y)",
    # letters that mislead
    "\u202dLTR\u202c \u2066isolate\u2069 \u061c",
    "\ufeffbom \u2060joiner \u00adshy \u180evowel",
    "ox\u0443codone",
    "Z\u0335\u0321\u0322a\u0336\u0321l\u0334\u0322g\u0337o\u0338",
    "\u0301" * 300,
    "👩‍⚕️💊🚫 give 💯",
    "\U000e0041\U000e0042 tags",
    "מורפין 5 מ״ג",
    "مورفين ٥ ملغ",
    "吗啡 5 毫克",
    "\ud83d half an emoji",
    "\ufffe\uffff\U0010ffff",
    "\x1b]8;;https://evil.example\x07link\x1b]8;;\x07",
    "A" * 10_000,
    "<" * 10_000,
    "[" * 2_000 + "]" * 2_000,
    "**" * 3_000,
    "\n" * 2_000 + "safe",
    "%s%n%x {0} ${x} #{x} <%= x %> {{x}} {%x%}",
    '"); alert(1); ("',
    '\',"detail":"Safe."}',
]
SENT = [attack for attack in ATTACKS if attack.encode("utf-8", "ignore").decode() == attack]
"""Half a character is no strict JSON, so that the door has refused it before anybody can read it."""
ALLOWED = {
    "paragraph_open", "paragraph_close", "bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close",
    "inline", "text", "softbreak",
}  # fmt: skip
LINK = re.compile(r"https?:|ftp:|mailto:|javascript:|www\.|@|[a-z0-9-]\.[a-z]{2,}(/|\b)", re.IGNORECASE)
_MARKDOWN = (
    MarkdownIt("gfm-like", {"html": True, "linkify": True})
    .use(footnote_plugin)
    .use(deflist_plugin)
    .use(tasklists_plugin)
    .use(dollarmath_plugin)
)
"""What GitHub shows and more: with raw HTML, and with links found in plain text."""


def kinds(markdown: str) -> set[str]:
    def walk(tokens: list[Token]) -> Any:
        for token in tokens:
            yield token.type
            yield from walk(token.children or [])

    return set(walk(_MARKDOWN.parse(markdown)))


def is_plain(shown: str) -> bool:
    return (
        not set(shown) & set('<>&`*_[]\\{}|~#@"')
        and not any(unicodedata.category(char) in ("Cc", "Cf", "Co", "Cs", "Zl", "Zp") for char in shown)
        and not LINK.search(shown)
    )
