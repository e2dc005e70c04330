import { Effect, type Scope } from "effect"
import { createServer, type IncomingMessage, type Server } from "node:http"
import type { Socket } from "node:net"
import { WebSocketServer } from "ws"
import type { Venue } from "../domain/Venue.ts"
import type { Address } from "./Address.ts"
import type { HandshakeFault } from "./Fault.ts"
import type { Refusal } from "./Ledger.ts"
import { Peer, type Wires } from "./Peer.ts"
import { refusalBody, refuse } from "./refusals.ts"
import type { RestDesk } from "./RestDesk.ts"
import type { Route, Routed } from "./venues.ts"

export interface ServerOptions {
  /** 0 lets the system choose. */
  readonly port: number
  /** Which of the simulator's ports this is. */
  readonly listener: number
  readonly route: Route
  readonly rest: RestDesk
  /** What goes wrong with this handshake, if anything. */
  readonly fault: (venue: Venue, address: Address) => HandshakeFault | null
  readonly refused: (venue: Venue, outcome: Refusal["outcome"]) => void
  readonly accepted: (wires: Wires, routed: Routed, address: Address) => void
}

/** Why the port could not be taken, in words for the operator. */
export interface ListenFailure {
  readonly reason: string
  readonly cause: unknown
}

/** How long a client's close handshake may take before its socket is cut. */
const closeTimeoutMillis = 2_000

/** Accepts WebSockets and answers requests on the loopback interface for as long as the scope lives; gives the port. */
export const listen = Effect.fnUntraced(function*(
  options: ServerOptions
): Effect.fn.Return<number, ListenFailure, Scope.Scope> {
  const sockets = new Set<Socket>()
  const server = yield* Effect.acquireRelease(
    Effect.sync(() => createServer()),
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
  answerRequests(server, options)
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

const addressOf = (request: IncomingMessage, url: URL, listener: number): Address => ({
  listener,
  host: request.headers.host ?? "",
  path: url.pathname,
  query: url.search
})

/** Null where the request is for no URL. */
const urlOf = (request: IncomingMessage): URL | null => URL.parse(`ws://127.0.0.1${request.url ?? "/"}`)

const answerRequests = (server: Server, { listener, rest }: ServerOptions) => {
  server.on("request", (request, response) => {
    const url = urlOf(request)
    if (url === null || request.method !== "GET") {
      response.writeHead(404).end()
      return
    }
    const answer = rest.answer(addressOf(request, url, listener), request.headers)
    if (answer === null) return
    const { body, headers, status } = answer
    const contentType = /^[[{]/.test(body) ? "application/json" : "text/html"
    response.writeHead(status, { "Content-Type": contentType, ...headers }).end(body)
  })
}

const acceptWebSockets = (server: Server, { accepted, fault, listener, refused, route }: ServerOptions) => {
  // Pongs are the sessions' business: a half-open connection must not answer a ping.
  const settings = { noServer: true, WebSocket: Peer, autoPong: false, closeTimeout: closeTimeoutMillis }
  const sockets = new WebSocketServer(settings)
  sockets.on("headers", (headers, request) => {
    if (request.url?.startsWith("/websocket/v1") === true) {
      headers.push("remaining-req: group=websocket; min=300; sec=3", "limit-by-ip: Yes")
    }
  })
  server.on("upgrade", (request, socket, head) => {
    const url = urlOf(request)
    const routed = url === null ? null : route(url)
    if (url === null || routed === null) return refuse(socket, 404, "")
    const address = addressOf(request, url, listener)
    const wrong = fault(routed.venue, address)
    switch (wrong?.kind) {
      case undefined:
        return sockets.handleUpgrade(request, socket, head, (peer) => accepted({ peer, socket }, routed, address))
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
