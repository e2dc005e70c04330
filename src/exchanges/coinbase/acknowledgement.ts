import type { DataType, Subscription } from "../../domain/Feed.ts"
import type { Control } from "../Exchange.ts"
import { isObject, type JsonObject } from "../wire/json.ts"
import { deliveredAs, indistinguishable } from "./products.ts"

const channelOf: Readonly<Record<DataType, string>> = { orderbook: "level2", trade: "market_trades" }

const lists = (channels: JsonObject, { dataType, symbol }: Subscription): boolean => {
  const products = channels[channelOf[dataType]]
  return Array.isArray(products) && (products.includes(symbol) || products.includes(deliveredAs(symbol)))
}

/**
 * Reads a message of the channel `subscriptions`; null when it has not the documented shape. Each subscribe message is
 * acknowledged with all that the connection has until then, so only an acknowledgement that lists `heartbeats`, which
 * is asked for last, is complete, and a symbol that it lacks is one that Coinbase does not know.
 */
export const makeReadAcknowledgement = (
  subscriptions: ReadonlyArray<Subscription>
): (message: JsonObject) => Control | null => {
  const ambiguous = indistinguishable(subscriptions)
  return (message) => {
    if (!Array.isArray(message.events) || message.events.length !== 1) return null
    const event: unknown = message.events[0]
    if (!isObject(event) || !isObject(event.subscriptions)) return null
    const channels = event.subscriptions
    if (channels.heartbeats === undefined) return { _tag: "Acknowledged" }
    const missing = subscriptions.filter((subscription) => !lists(channels, subscription)).map(({ symbol }) => symbol)
    if (missing.length > 0) {
      const names = [...new Set(missing)]
      const verb = names.length === 1 ? "is" : "are"
      const reason = `${names.join(", ")} ${verb} missing from the subscriptions that Coinbase confirmed`
      return { _tag: "Rejected", reason }
    }
    if (ambiguous.length > 0) {
      const names = [...new Set(ambiguous)].map((symbol) => `${symbol} arrives as ${deliveredAs(symbol)}`).join(", ")
      return { _tag: "Rejected", reason: `${names}, which this connection carries too: connect to them separately` }
    }
    return { _tag: "Acknowledged" }
  }
}
