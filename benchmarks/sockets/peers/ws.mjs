// Sends what is published on a Redis channel to every client of the library `ws`.
import Redis from 'ioredis'
import { WebSocketServer } from 'ws'

const [port, redis, channel] = process.argv.slice(2)
const server = new WebSocketServer({ port: Number(port), host: '127.0.0.1', perMessageDeflate: false, backlog: 8192 })
const subscriber = new Redis(redis)
await subscriber.subscribe(channel)
subscriber.on('message', (_, text) => {
  const frame = Buffer.from(text)
  for (const client of server.clients) client.send(frame, { binary: false })
})
