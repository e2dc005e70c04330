import type { Subscription } from "../../domain/Feed.ts"
import type { SubscribeFrame } from "../Exchange.ts"

// Bybit documentation, Connect: spot takes up to 10 args a request, and refuses all of a longer one.
const maxArgs = 10

/** The topic of a subscription. */
export const topicOf = (subscription: Subscription): string =>
  `${subscription.dataType === "trade" ? "publicTrade" : "orderbook.50"}.${subscription.symbol}`

/** Subscribe requests of 10 topics, each topic once: a repeated one makes Bybit refuse its whole request. */
export const subscribeFrames = (subscriptions: ReadonlyArray<Subscription>): ReadonlyArray<SubscribeFrame> => {
  const topics = [...new Set(subscriptions.map(topicOf))]
  const requests: Array<SubscribeFrame> = []
  for (let i = 0; i < topics.length; i += maxArgs) {
    const args = topics.slice(i, i + maxArgs)
    const text = JSON.stringify({ req_id: String(requests.length + 1), op: "subscribe", args })
    requests.push(() => text)
  }
  return requests
}
