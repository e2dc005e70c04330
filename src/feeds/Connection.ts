import { Deferred, type Duration, Effect, Option, Schema, type Scope } from "effect"
import type { IncomingMessage } from "node:http"
import * as WS from "ws"
import { printable } from "./printable.ts"
import { printableUrl } from "./printableUrl.ts"

/** No WebSocket came about: name resolution, TCP, TLS, time, or a reply that is not HTTP. */
export class ConnectFailed extends Schema.TaggedError<ConnectFailed>()("ConnectFailed", {
  url: Schema.String,
  cause: Schema.Defect()
}) {
  override get message() {
    return `could not connect to ${this.url}: ${describe(this.cause)}`
  }
}

/** The venue answered the handshake with an HTTP status instead of a WebSocket. */
export class HandshakeRefused extends Schema.TaggedError<HandshakeRefused>()("HandshakeRefused", {
  url: Schema.String,
  status: Schema.Int,
  /** The beginning of the body, for the operator. */
  body: Schema.String,
  retryAfterMillis: Schema.NullOr(Schema.Finite),
  /** What the operator can do about it, or empty. */
  advice: Schema.String
}) {
  override get message() {
    const body = this.body === "" ? "" : ` (${printable(this.body)})`
    const advice = this.advice === "" ? "" : `; ${this.advice}`
    return `${this.url} refused the connection with HTTP ${this.status}${body}${advice}`
  }
}

/** An open connection ended. */
export class ConnectionClosed extends Schema.TaggedError<ConnectionClosed>()("ConnectionClosed", {
  code: Schema.Int,
  reason: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message() {
    const reason = this.reason === "" ? "" : ` ${printable(this.reason)}`
    const cause = this.cause === undefined ? "" : `: ${describe(this.cause)}`
    return `connection closed with code ${this.code}${reason}${cause}`
  }
}

const describe = (cause: unknown): string =>
  cause instanceof AggregateError && cause.message === ""
    ? cause.errors.map(describe).join("; ")
    : cause instanceof Error
    ? cause.message
    : String(cause)

export interface Options {
  readonly url: string
  readonly maxFrameBytes: number
  readonly openTimeout: Duration.Input
  /** How long the close handshake may take before the socket is destroyed. */
  readonly closeTimeout: Duration.Input
  readonly refusalAdvice: (status: number) => string | null
  /** The present, milliseconds since the epoch, for a Retry-After that is a date. */
  readonly nowMillis: () => number
  /** Called for each message in the socket's own callback. A throw ends the connection as a defect. */
  readonly onMessage: (bytes: Buffer) => void
  readonly onPong: () => void
  /** Called whenever bytes arrive, also those of a message that is not complete yet. */
  readonly onBytes: () => void
}

/** An open WebSocket. */
export interface Connection {
  readonly send: (text: string) => Effect.Effect<void, ConnectionClosed>
  /** Sends without waiting, so that a socket that takes nothing holds up nobody. */
  readonly sendUnsafe: (text: string) => void
  readonly pingUnsafe: () => void
  /** Waits for the end of the connection. */
  readonly closed: Effect.Effect<never, ConnectionClosed>
}

/** Opens a WebSocket; closing the scope performs a bounded close handshake, during which messages are still taken. */
export const connect = Effect.fnUntraced(
  function*(
    options: Options
  ): Effect.fn.Return<Connection, ConnectFailed | HandshakeRefused | ConnectionClosed, Scope.Scope> {
    const url = printableUrl(options.url)
    const ended = Deferred.makeUnsafe<never, ConnectionClosed>()
    let lastError: unknown

    // Owned before it is open, so that an interrupted open still closes it.
    const ws = yield* Effect.acquireRelease(
      Effect.try({
        try: () =>
          new WS.WebSocket(options.url, {
            perMessageDeflate: false,
            maxPayload: options.maxFrameBytes,
            // The parsers check UTF-8 themselves: a bad frame is then counted instead of costing the connection.
            skipUTF8Validation: true,
            headers: { "user-agent": "ticklake" }
          }),
        catch: (cause) => new ConnectFailed({ url, cause })
      }),
      (ws) => close(ws, options.closeTimeout)
    )
    ws.on("error", (error) => {
      lastError = error
    })
    ws.on("message", (data: WS.RawData) => {
      try {
        options.onMessage(data as Buffer) // binaryType is "nodebuffer": always one Buffer
      } catch (defect) {
        Deferred.doneUnsafe(ended, Effect.die(defect))
      }
    })
    ws.on("pong", options.onPong)
    // Not before it is open: until `ws` listens itself, a listener would swallow the beginning of the stream.
    ws.once("upgrade", ({ socket }) => ws.once("open", () => socket.on("data", options.onBytes)))
    ws.on("close", (code, reason) => {
      const cause = lastError === undefined ? {} : { cause: lastError }
      Deferred.doneUnsafe(ended, Effect.fail(new ConnectionClosed({ code, reason: reason.toString(), ...cause })))
    })

    yield* Effect.callback<void, ConnectFailed | HandshakeRefused>((resume) => {
      const onOpen = () => resume(Effect.void)
      const onClose = () => {
        const cause = lastError ?? new Error("closed before it was open")
        resume(Effect.fail(new ConnectFailed({ url, cause })))
      }
      const onRefused = (_request: unknown, response: IncomingMessage) => {
        ws.off("close", onClose)
        readRefusal(response, (body) => {
          const retryAfterMillis = parseRetryAfter(response.headers["retry-after"], options.nowMillis())
          const status = response.statusCode ?? 0
          const advice = options.refusalAdvice(status) ?? ""
          resume(Effect.fail(new HandshakeRefused({ url, status, body, retryAfterMillis, advice })))
        })
      }
      ws.once("open", onOpen).once("close", onClose).once("unexpected-response", onRefused)
      return Effect.sync(() => {
        ws.off("open", onOpen).off("close", onClose).off("unexpected-response", onRefused)
      })
    }).pipe(Effect.timeoutOrElse({
      duration: options.openTimeout,
      orElse: () => Effect.fail(new ConnectFailed({ url, cause: new Error("timed out while opening") }))
    }))

    return {
      send: (text) =>
        Effect.callback<void, ConnectionClosed>((resume) => {
          ws.send(text, (error) =>
            resume(
              error === undefined || error === null
                ? Effect.void
                : Effect.fail(new ConnectionClosed({ code: 1006, reason: "", cause: error }))
            ))
        }),
      sendUnsafe: (text) => {
        if (ws.readyState === WS.WebSocket.OPEN) ws.send(text)
      },
      pingUnsafe: () => {
        if (ws.readyState === WS.WebSocket.OPEN) ws.ping()
      },
      closed: Deferred.await(ended)
    }
  }
)

/** The close handshake, bounded; never fails and never hangs. */
const close = (ws: WS.WebSocket, limit: Duration.Input) =>
  Effect.callback<void>((resume) => {
    if (ws.readyState === WS.WebSocket.CLOSED) return resume(Effect.void)
    ws.once("close", () => resume(Effect.void))
    ws.close(1000)
  }).pipe(
    Effect.timeoutOption(limit),
    Effect.flatMap((closed) =>
      Effect.sync(() => {
        if (Option.isNone(closed)) ws.terminate()
      })
    )
  )

const refusalBodyBytes = 300
const refusalMillis = 1000

/** The longest ban that a venue documents (Binance, three days): more is a mistake of somebody's clock. */
const longestPauseMillis = 3 * 86_400_000

/** Hands over the beginning of a refusal's body once, whether the body ends, breaks off or is too long. */
const readRefusal = (response: IncomingMessage, done: (body: string) => void) => {
  const chunks: Array<Buffer> = []
  let bytes = 0
  let finished = false
  const finish = () => {
    if (finished) return
    finished = true
    clearTimeout(limit)
    response.destroy()
    done(Buffer.concat(chunks).subarray(0, refusalBodyBytes).toString("utf8").trim())
  }
  // Some refusals never end, and their status matters more than the rest of their words.
  const limit = setTimeout(finish, refusalMillis)
  response.on("data", (chunk: Buffer) => {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes >= refusalBodyBytes) finish()
  })
  response.on("end", finish).on("close", finish).on("error", finish)
}

/** A Retry-After header, seconds or an HTTP date, as milliseconds from now; null where it tells of no time to come. */
export const parseRetryAfter = (header: string | undefined, nowMillis: number): number | null => {
  if (header === undefined) return null
  const text = header.trim()
  const millis = /^\d{1,9}$/.test(text)
    ? Number(text) * 1000
    : text.endsWith(" GMT")
    ? Date.parse(text) - nowMillis
    : Number.NaN
  return millis > 0 ? Math.min(millis, longestPauseMillis) : null
}
