import type { Subscription } from "../../domain/Feed.ts"
import type { SubscribeFrame } from "../Exchange.ts"

// Measured: requests of 4,088 bytes are answered, those of 4,106 are not. The rest is left for the envelope.
const maxStreamBytes = 3_500

/** The stream of a subscription: always in lower case, as Binance names it. */
export const streamOf = (subscription: Subscription): string =>
  `${subscription.symbol.toLowerCase()}@${subscription.dataType === "trade" ? "trade" : "depth20@100ms"}`

/** As few SUBSCRIBE requests as their size limit allows, with ids from 1. */
export const subscribeFrames = (subscriptions: ReadonlyArray<Subscription>): ReadonlyArray<SubscribeFrame> => {
  const requests: Array<Array<string>> = []
  let room = 0
  for (const stream of new Set(subscriptions.map(streamOf))) {
    const bytes = Buffer.byteLength(JSON.stringify(stream)) + 1
    const current = requests.at(-1)
    if (current === undefined || bytes > room) {
      requests.push([stream])
      room = maxStreamBytes - bytes
    } else {
      current.push(stream)
      room -= bytes
    }
  }
  return requests.map((params, i) => {
    const text = JSON.stringify({ method: "SUBSCRIBE", params, id: i + 1 })
    return () => text
  })
}
