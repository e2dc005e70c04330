import { Effect, type Scope } from "effect"
import { createServer, type Server } from "node:http"
import type { Socket } from "node:net"
import type { Duplex } from "node:stream"
import { WebSocketServer } from "ws"
import type { Venue } from "../domain/Venue.ts"
import type { HandshakeFault } from "./Fault.ts"
import type { Refusal } from "./Ledger.ts"
import { Peer } from "./Peer.ts"
import { refusalBody, refuse } from "./refusals.ts"
import type { Route, Routed } from "./venues.ts"

export interface ServerOptions {
  /** 0 lets the system choose. */
  readonly port: number
  readonly route: Route
  /** What goes wrong with this handshake, if anything. */
  readonly fault: (venue: Venue) => HandshakeFault | null
  readonly refused: (venue: Venue, outcome: Refusal["outcome"]) => void
  readonly accepted: (peer: Peer, socket: Duplex, routed: Routed) => void
}

/** Why the port could not be taken, in words for the operator. */
export interface ListenFailure {
  readonly reason: string
  readonly cause: unknown
}

/** How long a client's close handshake may take before its socket is cut. */
const closeTimeoutMillis = 2_000

/** Accepts WebSockets on the loopback interface for as long as the scope lives; gives the port. */
export const listen = Effect.fnUntraced(function*(
  options: ServerOptions
): Effect.fn.Return<number, ListenFailure, Scope.Scope> {
  const sockets = new Set<Socket>()
  const server = yield* Effect.acquireRelease(
    Effect.sync(() => createServer((_request, response) => response.writeHead(404).end())),
    (server) =>
      Effect.sync(() => {
        server.close()
        for (const socket of sockets) socket.destroy()
      })
  )
  server.on("connection", (socket) => {
    sockets.add(socket)
    socket.on("close", () => sockets.delete(socket))
  })
  acceptWebSockets(server, options)
  return yield* Effect.callback<number, ListenFailure>((resume) => {
    server.once(
      "error",
      (cause: NodeJS.ErrnoException) => resume(Effect.fail({ reason: explain(cause, options.port), cause }))
    )
    server.listen(options.port, "127.0.0.1", () => {
      const address = server.address()
      resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : options.port))
    })
  })
})

const acceptWebSockets = (server: Server, { accepted, fault, refused, route }: ServerOptions) => {
  // Pongs are the sessions' business: a half-open connection must not answer a ping.
  const settings = { noServer: true, WebSocket: Peer, autoPong: false, closeTimeout: closeTimeoutMillis }
  const sockets = new WebSocketServer(settings)
  sockets.on("headers", (headers, request) => {
    if (request.url?.startsWith("/websocket/v1") === true) {
      headers.push("remaining-req: group=websocket; min=300; sec=3", "limit-by-ip: Yes")
    }
  })
  server.on("upgrade", (request, socket, head) => {
    const url = URL.parse(request.url ?? "/", "ws://127.0.0.1")
    const routed = url === null ? null : route(url)
    if (routed === null) return refuse(socket, 404, "")
    const wrong = fault(routed.venue)
    switch (wrong?.kind) {
      case undefined:
        return sockets.handleUpgrade(request, socket, head, (peer) => accepted(peer, socket, routed))
      case "refuse":
        refused(routed.venue, wrong.status)
        return refuse(socket, wrong.status, refusalBody(routed.venue, wrong.status), wrong.retryAfterSecs)
      case "tcp-close":
        refused(routed.venue, "tcp-close")
        return socket.destroy()
      case "no-handshake":
        refused(routed.venue, "no-handshake")
        socket.on("error", () => {})
        return
    }
  })
}

const explain = (cause: NodeJS.ErrnoException, port: number): string => {
  if (cause.code === "EADDRINUSE") return `port ${port} is in use, choose another with --port`
  if (cause.code === "EACCES") return `port ${port} may not be used by this user, choose one above 1023 with --port`
  return cause.message
}
