// BullMQ: the same program as program.py, for Node. `bullmq.mjs client|worker <url> [options]`; see protocol.py.
import { createInterface } from 'node:readline';
import { createRequire } from 'node:module';

const { Queue, Worker } = createRequire(`${process.env.PEER_MODULES}/`)('bullmq');
const [role, url, ...rest] = process.argv.slice(2);
const option = (name, fallback) => (rest.includes(name) ? Number(rest[rest.indexOf(name) + 1]) : fallback);
const connection = { host: new URL(url).hostname, port: Number(new URL(url).port), maxRetriesPerRequest: null };
const say = (fields) => process.stdout.write(`${JSON.stringify(fields)}\n`);
const monotonic = () => Number(process.hrtime.bigint()) / 1e9;
const cpu = () => { const used = process.cpuUsage(); return (used.user + used.system) / 1e6; };
const [IN_FLIGHT, BULK_SIZE] = [50, 500];
const OPTIONS = { removeOnComplete: true, attempts: 3 };

function payloads({ n, job, pad = 100 }) {
  const padding = 'x'.repeat(pad);
  return Array.from({ length: n }, (_, i) => ({ do: job, n: i, pad: padding }));
}

const ways = {
  async one(queue, jobs) {
    for (const job of jobs) await queue.add('job', job, OPTIONS);
  },
  async flight(queue, jobs) {
    let next = 0;
    const lane = async () => { while (next < jobs.length) await queue.add('job', jobs[next++], OPTIONS); };
    await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  },
  async bulk(queue, jobs) {
    for (let i = 0; i < jobs.length; i += BULK_SIZE) {
      await queue.addBulk(jobs.slice(i, i + BULK_SIZE).map((data) => ({ name: 'job', data, opts: OPTIONS })));
    }
  },
  async stamps(queue, jobs, { gap_s }) {
    for (const job of jobs) {
      await queue.add('job', { ...job, sent: monotonic() }, OPTIONS);
      await new Promise((resolve) => { setTimeout(resolve, gap_s * 1000); });
    }
  },
};

async function client() {
  const queue = new Queue('bench', { connection });
  queue.on('error', () => {});
  await queue.waitUntilReady();
  say({ ready: true, bulk: true });
  for await (const line of createInterface({ input: process.stdin })) {
    const order = JSON.parse(line);
    const jobs = payloads(order);
    const began = [monotonic(), cpu()];
    await ways[order.way](queue, jobs, order);
    say({ n: order.n, wall_s: monotonic() - began[0], cpu_s: cpu() - began[1] });
  }
  process.exit(0);
}

function worker() {
  const expected = option('--expected', 0);
  const warm = Math.floor(expected / 10);
  const lease = option('--lease-s', 0) * 1000;
  let count = 0;
  let began;
  const run = async ({ data }) => {
    if (data.do === 'stamp') say({ latency_s: monotonic() - data.sent });
    if (data.do === 'hang') {
      say({ hanging: data.n, at: monotonic() });
      await new Promise(() => {});
    }
    if (data.do === 'count') {
      count += 1;
      if (count === warm) began = [monotonic(), cpu()];
      if (count === expected) say({ n: expected - warm, wall_s: monotonic() - began[0], cpu_s: cpu() - began[1] });
    }
  };
  const times = lease ? { lockDuration: lease, stalledInterval: lease / 2 } : {};
  new Worker('bench', run, { connection, concurrency: option('--concurrency', 10), ...times }).on('error', () => {});
}

await (role === 'client' ? client() : worker());
