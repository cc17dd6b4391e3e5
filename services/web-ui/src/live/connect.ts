/** Connects a page to the event stream: through the SharedWorker, or by a stream of its own where there is none. */
import workerUrl from "./worker?sharedworker&url";
import type { Listener, LiveMessage, PageMessage } from "./protocol";
import { LiveSource } from "./source";

interface WorkerUrls {
  createScriptURL(url: string): string;
}
interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): WorkerUrls;
}

/** Only this script may become a worker: the Content-Security-Policy names no other policy. */
const rules: WorkerUrls = {
  createScriptURL: (url) => {
    if (url !== workerUrl) throw new TypeError(`not a worker of this page: ${url}`);
    return url;
  },
};
const trusted = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes;
const urls = trusted?.createPolicy("darkroom-worker", rules) ?? rules;

/** Start listening and return a function that stops. */
export function connect(listener: Listener): () => void {
  return typeof SharedWorker === "undefined" ? ownStream(listener) : sharedStream(listener);
}

function sharedStream(listener: Listener): () => void {
  const worker = new SharedWorker(urls.createScriptURL(workerUrl), { type: "module", name: "darkroom-events" });
  const say = (message: PageMessage) => worker.port.postMessage(message);
  const leave = () => say({ kind: "bye" });
  worker.port.onmessage = ({ data }: MessageEvent<LiveMessage>) => listener(data);
  worker.port.start();
  say({ kind: "hello" });
  // A page of the back/forward cache comes back with its port, but without its place in the worker.
  const comeBack = (event: PageTransitionEvent) => event.persisted && say({ kind: "hello" });
  addEventListener("pagehide", leave);
  addEventListener("pageshow", comeBack);
  return () => {
    removeEventListener("pagehide", leave);
    removeEventListener("pageshow", comeBack);
    leave();
    worker.port.close();
  };
}

function ownStream(listener: Listener): () => void {
  const source = new LiveSource(listener);
  source.open();
  return () => source.close();
}
