// Which addresses of a card may become a link.

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** The address where it may be followed: https, or this service itself; else null. */
export function safeLink(url, here = location) {
  let target;
  try {
    target = new URL(url, here.href);
  } catch {
    return null;
  }
  if (target.username || target.password) return null;
  if (target.protocol === "https:") return target.href;
  if (target.protocol !== "http:") return null;
  return target.origin === here.origin || sameMachine(target, here) ? target.href : null;
}

// The service may call itself 127.0.0.1 where the browser was told localhost.
function sameMachine(target, here) {
  return here.protocol === "http:" && target.port === here.port && LOOPBACK.has(target.hostname) && LOOPBACK.has(here.hostname);
}
