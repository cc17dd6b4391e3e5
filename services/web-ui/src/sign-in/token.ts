/** The token of a sign-in link, taken out of the address when the page loads and used at most once. */
const MARK = "#sign-in=";
let token = "";

/** Take the token out of the address, where history and other people's eyes would find it. */
export function keepToken(): void {
  if (!location.hash.startsWith(MARK)) return;
  token = location.hash.slice(MARK.length);
  history.replaceState(null, "", location.pathname);
}

/** Return the token and forget it. */
export function takeToken(): string {
  const taken = token;
  token = "";
  return taken;
}
