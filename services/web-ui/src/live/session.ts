/** Informs all pages of the browser that the session has ended. */
const CHANNEL = "darkroom-session";

export function tellSignedOut(): void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.postMessage("signed-out");
  channel.close();
}

/** Call `ended` when another page signs out; returns a function that stops. */
export function onSignedOut(ended: () => void): () => void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = ended;
  return () => channel.close();
}
