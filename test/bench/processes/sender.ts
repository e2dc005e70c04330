/** Sends rendered frames at given rates to whoever subscribes, as the five venues would. */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import type { Duplex } from "node:stream"
import { WebSocketServer } from "ws"
import type { DataType } from "../../../src/domain/Feed.ts"
import { type Venue, venues } from "../../../src/domain/Venue.ts"
import { answering } from "../answering.ts"
import { heartbeat, renderStream, type Stream } from "../frames.ts"
import { firstId, numberedTime, type Ring } from "../ring.ts"
import { acknowledge, type Subscribed } from "../subscribed.ts"

/** Which venues send what; `bookLevels` a side in the books of Binance. */
export interface SenderOptions {
  readonly streams: ReadonlyArray<readonly [Venue, DataType]>
  readonly bookLevels: number
}

/** What was sent since the last reset, and to whom. */
export interface Sent {
  readonly events: number
  /** Those with events, and heartbeats. */
  readonly frames: number
  readonly connections: number
  /** Milliseconds since the epoch; null while nobody has come. */
  readonly firstConnectionAt: number | null
}

interface Connection {
  readonly socket: Duplex
  readonly stream: Stream
  readonly weight: number
  readonly symbol: Buffer
  readonly lower: Buffer
  readonly id: Buffer
  sequence: number
  cursor: number
  due: number
}

const tickMillis = 4
/** What a tick makes up for at most: a machine that stands still is not to be followed by a flood. */
const longestTickMillis = 50
/** What may wait for a receiver that does not read. */
const mostWaitingBytes = 4 * 1024 * 1024

const options = JSON.parse(process.argv[2] ?? "") as SenderOptions
const streams = new Map(
  options.streams.map(([venue, dataType]) => [
    `${venue}/${dataType}`,
    renderStream(venue, dataType, options.bookLevels)
  ])
)
const beat = heartbeat()
const beating = new Set<Connection>()
const connections = new Map<string, Array<Connection>>([...streams.keys()].map((name) => [name, []]))
let rates: Readonly<Record<string, number>> = {}
const sent = { events: 0, frames: 0 }
let firstConnectionAt: number | null = null

const increment = (digits: Buffer) => {
  let at = digits.length - 1
  while (digits[at] === 0x39) digits[at--] = 0x30
  digits[at]!++
}

const now = { millis: Buffer.alloc(13), time: Buffer.alloc(24) }
const setTime = () => {
  const millis = Date.now()
  now.millis.write(String(millis), "latin1")
  now.time.write(new Date(millis).toISOString(), "latin1")
}

const put = (into: Buffer, at: number, bytes: Buffer) => {
  for (let index = 0; index < bytes.length; index++) into[at + index] = bytes[index]!
}

const fill = (into: Buffer, at: number, ring: Ring, frame: number, connection: Connection) => {
  const { fields, places } = ring
  for (let index = 0; index < fields.length; index++) {
    const place = at + places[frame * fields.length + index]!
    switch (fields[index]) {
      case "id":
        increment(connection.id)
        put(into, place, connection.id)
        break
      case "previous":
        put(into, place, connection.id)
        break
      case "symbol":
        put(into, place, connection.symbol)
        break
      case "lower":
        put(into, place, connection.lower)
        break
      case "millis":
        put(into, place, now.millis)
        break
      case "time":
        put(into, place, now.time)
        break
      case "numberedTime":
        into.write(numberedTime(now.time.toString("latin1"), connection.sequence++), place, "latin1")
        break
    }
  }
}

/** Writes the next `frames` of a ring in one piece. */
const write = (connection: Connection, ring: Ring, frames: number) => {
  const count = ring.starts.length - 1
  let bytes = 0
  for (let index = 0; index < frames; index++) {
    const frame = (connection.cursor + index) % count
    bytes += ring.starts[frame + 1]! - ring.starts[frame]!
  }
  const piece = Buffer.allocUnsafe(bytes)
  let at = 0
  for (let index = 0; index < frames; index++) {
    const frame = (connection.cursor + index) % count
    const [start, end] = [ring.starts[frame]!, ring.starts[frame + 1]!]
    ring.bytes.copy(piece, at, start, end)
    fill(piece, at, ring, frame, connection)
    at += end - start
  }
  connection.cursor = (connection.cursor + frames) % count
  sent.frames += frames
  connection.socket.write(piece)
}

const open = (socket: Duplex, stream: Stream, { dataType, symbol, venue }: Subscribed) => {
  const group = connections.get(`${venue}/${dataType}`)!
  const upper = venue === "binance" ? symbol.toUpperCase() : symbol
  const connection: Connection = {
    socket,
    stream,
    // Feeds of one rate would fill their row groups at the same moment.
    weight: 0.8 + (group.length * 0.618 % 1) * 0.4,
    symbol: Buffer.from(upper, "latin1"),
    lower: Buffer.from(symbol.toLowerCase(), "latin1"),
    id: Buffer.from(firstId, "latin1"),
    sequence: venue === "coinbase" ? 1 : 0,
    cursor: group.length * 997 % (stream.ring.starts.length - 1),
    due: group.length * 0.618 % 1
  }
  group.push(connection)
  if (venue === "coinbase") beating.add(connection)
  socket.once("close", () => {
    group.splice(group.indexOf(connection), 1)
    beating.delete(connection)
  })
  if (stream.first !== null) {
    const { cursor } = connection
    connection.cursor = 0
    setTime()
    write(connection, stream.first, 1)
    connection.cursor = cursor
    sent.events++
  }
}

let last = performance.now()
const tick = () => {
  const at = performance.now()
  const millis = Math.min(at - last, longestTickMillis)
  last = at
  setTime()
  for (const [name, group] of connections) {
    const rate = rates[name] ?? 0
    if (rate === 0 || group.length === 0) continue
    let weights = 0
    for (const { weight } of group) weights += weight
    const { eventsPerFrame } = group[0]!.stream.ring
    for (const connection of group) {
      connection.due += rate * millis / 1000 / eventsPerFrame * connection.weight / weights
      const frames = Math.floor(connection.due)
      if (frames === 0) continue
      connection.due -= frames
      if (connection.socket.writableLength > mostWaitingBytes) continue
      write(connection, connection.stream.ring, frames)
      sent.events += frames * eventsPerFrame
    }
  }
}
setInterval(tick, tickMillis)
setInterval(() => {
  setTime()
  for (const connection of beating) {
    connection.cursor = 0
    write(connection, beat, 1)
  }
}, 1000)

const server = createServer()
const webSockets = new WebSocketServer({ noServer: true, perMessageDeflate: false })
server.on("upgrade", (request, socket, head) => {
  firstConnectionAt ??= Date.now()
  webSockets.handleUpgrade(request, socket, head, (ws) => {
    const venue = venues.find((venue) => request.url?.startsWith(`/${venue}`))
    if (venue === undefined) return ws.terminate()
    const send = (text: string) => ws.send(text)
    ws.on("message", (message) => {
      const subscribed = acknowledge(venue, String(message), send)
      const stream = subscribed === null ? undefined : streams.get(`${venue}/${subscribed.dataType}`)
      if (subscribed !== null && stream !== undefined) open(socket, stream, subscribed)
    })
    ws.on("error", () => ws.terminate())
  })
})

answering({
  port: () => (server.address() as AddressInfo).port,
  rates: (to: Readonly<Record<string, number>>) => {
    rates = to
    return null
  },
  reset: () => {
    Object.assign(sent, { events: 0, frames: 0 })
    firstConnectionAt = null
    return null
  },
  sent: (): Sent => {
    let count = 0
    for (const group of connections.values()) count += group.length
    return { ...sent, connections: count, firstConnectionAt }
  }
})
server.listen(0, "127.0.0.1", () => process.send?.({ id: 0, value: null }))
process.once("SIGTERM", () => process.exit(0))
