import { Clock, Context, Effect, Layer, Schema } from "effect"
import type { Venue } from "../domain/Venue.ts"
import type { HistoryResponse } from "../exchanges/TradeHistory.ts"
import { errorText } from "../runtime/errorText.ts"
import { printableUrl } from "./printableUrl.ts"
import * as venueAttempts from "./venueAttempts.ts"

/** A venue did not answer a request for past trades. */
export class RequestFailed extends Schema.TaggedError<RequestFailed>()("RequestFailed", {
  url: Schema.String,
  cause: Schema.Defect()
}) {
  override get message() {
    return `${this.url} did not answer: ${errorText(this.cause)}`
  }
}

const answerWithin = "15 seconds"

/** Far above what a thousand trades take. */
const maxBodyBytes = 16 * 1024 * 1024

/** Asks venues for past trades over HTTP, all feeds together within what each venue tolerates. */
export class PastTrades extends Context.Service<PastTrades, {
  /** Asks once, when that is allowed. */
  readonly ask: (
    venue: Venue,
    limit: venueAttempts.Limit,
    url: string
  ) => Effect.Effect<HistoryResponse, RequestFailed>
  /** Lets nobody ask `venue` for `millis`. */
  readonly pause: (venue: Venue, millis: number) => Effect.Effect<boolean>
}>()("ticklake/PastTrades") {
  static readonly layer = Layer.effect(
    PastTrades,
    Effect.map(Clock.Clock, (clock) => {
      const attempts = venueAttempts.make(clock)
      return PastTrades.of({
        pause: attempts.pause,
        ask: (venue, limit, url) =>
          Effect.andThen(
            attempts.acquire(venue, limit),
            Effect.tryPromise({
              try: (signal) => request(url, signal, () => clock.currentTimeMillisUnsafe() * 1000),
              catch: (cause) => new RequestFailed({ url: printableUrl(url), cause })
            }).pipe(Effect.timeoutOrElse({
              duration: answerWithin,
              orElse: () =>
                Effect.fail(
                  new RequestFailed({ url: printableUrl(url), cause: new Error(`no answer within ${answerWithin}`) })
                )
            }))
          )
      })
    })
  )
}

const request = async (url: string, signal: AbortSignal, nowMicros: () => number): Promise<HistoryResponse> => {
  // Some venues refuse whoever does not say who asks.
  const response = await fetch(url, {
    signal,
    headers: { "user-agent": "ticklake", accept: "application/json" },
    // Elsewhere another market may have the same name, and other limits hold.
    redirect: "manual"
  })
  const chunks: Array<Uint8Array> = []
  let bytes = 0
  if (response.body !== null) {
    for await (const chunk of response.body) {
      bytes += chunk.byteLength
      if (bytes > maxBodyBytes) throw new RangeError(`the answer has more than ${maxBodyBytes} bytes`)
      chunks.push(chunk)
    }
  }
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: Buffer.concat(chunks),
    receivedAtMicros: nowMicros()
  }
}
