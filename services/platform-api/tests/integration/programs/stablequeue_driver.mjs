
// Calls both programs, and lets their seconds pass in milliseconds.
const later = globalThis.setTimeout;
globalThis.setTimeout = (call, ms, ...rest) => later(call, ms / 100, ...rest);

const accepted = await submitJob(process.env.API_KEY, JSON.parse(process.env.JOB));
console.log(JSON.stringify(accepted));
pollJobStatus(process.env.API_KEY, accepted.stablequeue_job_id, (job) => console.log(JSON.stringify(job)));
