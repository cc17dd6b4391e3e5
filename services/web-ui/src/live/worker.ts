/** A SharedWorker that holds the one event stream of the browser and passes it on to all pages. */
import type { LiveMessage, PageMessage } from "./protocol";
import { LiveSource } from "./source";

const ports = new Set<MessagePort>();
let source: LiveSource | null = null;

function broadcast(message: LiveMessage): void {
  for (const port of ports) port.postMessage(message);
}

function start(): LiveSource {
  const started = new LiveSource((message) => {
    if (message.kind === "link" && message.state === "signed-out") source = null;
    broadcast(message);
  });
  source = started;
  started.open();
  return started;
}

function leave(port: MessagePort): void {
  ports.delete(port);
  if (ports.size === 0) {
    source?.close();
    source = null;
  }
}

(globalThis as unknown as { onconnect: (event: MessageEvent) => void }).onconnect = (event) => {
  const port = event.ports[0];
  if (port === undefined) return;
  port.onmessage = ({ data }: MessageEvent<PageMessage>) => {
    if (data.kind === "bye") {
      leave(port);
      return;
    }
    ports.add(port);
    const running = source ?? start();
    for (const message of running.current()) port.postMessage(message);
  };
  port.start();
};
