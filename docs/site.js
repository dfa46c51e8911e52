// A wide table scrolls sideways in a frame that the theme puts around it; the keyboard has to reach that frame.
const frames = ".md-typeset__scrollwrap:not([tabindex])";
const reach = () => document.querySelectorAll(frames).forEach((frame) => { frame.tabIndex = 0; });
new MutationObserver(reach).observe(document.body, { childList: true, subtree: true });
reach();
