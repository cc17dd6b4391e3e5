// Sends what is published on a Redis channel to every client of socket.io.
import { createServer } from 'node:http'
import Redis from 'ioredis'
import { Server } from 'socket.io'

const [port, redis, channel] = process.argv.slice(2)
const http = createServer()
const io = new Server(http, { transports: ['websocket'], perMessageDeflate: false, pingInterval: 600000 })
http.listen({ port: Number(port), host: '127.0.0.1', backlog: 8192 })
const subscriber = new Redis(redis)
await subscriber.subscribe(channel)
subscriber.on('message', (_, text) => io.emit('event', JSON.parse(text)))
