import type { TradeEvent } from "../../domain/Event.ts"
import type { HistoryAnswer, HistoryResponse, TradeHistory, Wanted } from "../TradeHistory.ts"
import { clipped } from "./clipped.ts"
import { decode, isObject, type JsonObject } from "./json.ts"
import { containsEscapedKey, elements, slice, valueAtPath } from "./jsonSpan.ts"
import { idOf } from "./numericId.ts"
import type { Turning } from "./tradePages.ts"

/** What a venue objects to, and how long to wait where waiting helps. */
export interface Complaint {
  readonly words: string
  readonly pauseMillis: number | null
}

/** What is particular to a venue's list of past trades. */
export interface HistoryEndpoint extends Pick<TradeHistory, "first" | "horizonMillis" | "limit"> {
  /** Where the array of trades stands in an answer. */
  readonly tradesPath: ReadonlyArray<string>
  /** Makes a trade of one element and its bytes, or says what is wrong with it. */
  readonly readTrade: (value: unknown, data: Buffer, symbol: string, timestampCollector: number) => TradeEvent | string
  /** The complaint in an answer, with whatever status; null where there is none. */
  readonly complaint: (message: JsonObject) => Complaint | null
  /** For how long to stay away after such an answer, where the venue does not say so itself; null for no pause. */
  readonly pauseMillis: (response: HistoryResponse) => number | null
  readonly turn: Turning
}

const shortestPauseMillis = 1000
/** The longest ban that is documented (Binance, three days). */
const longestPauseMillis = 259_200_000
const serverTroubleMillis = 10_000

/** Null where the header tells of no time to come, as by a clock that differs from this machine's. */
const retryAfterMillis = ({ headers, receivedAtMicros }: HistoryResponse): number | null => {
  const text = headers["retry-after"] ?? ""
  const millis = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - receivedAtMicros / 1000
  return millis > 0 ? millis : null
}

const busy = (response: HistoryResponse, byDefault: number): HistoryAnswer => {
  const asked = Math.ceil(retryAfterMillis(response) ?? byDefault)
  return { _tag: "Busy", pauseMillis: Math.min(longestPauseMillis, Math.max(shortestPauseMillis, asked)) }
}

const refused = (reason: string): HistoryAnswer => ({ _tag: "Refused", reason })

const refusedLocation: ReadonlySet<number> = new Set([401, 403, 404, 451])

const refusal = (status: number, complaint: Complaint | null): HistoryAnswer => {
  const words = [
    ...(status === 200 ? [] : [`HTTP ${status}`]),
    ...(complaint === null ? [] : [clipped(complaint.words)])
  ].join(": ")
  return refused(refusedLocation.has(status) ? `${words}; check rest_url of this market` : words)
}

const at = (value: unknown, path: ReadonlyArray<string>): unknown =>
  path.reduce<unknown>((inner, key) => isObject(inner) ? inner[key] : undefined, value)

interface Numbered {
  readonly id: bigint
  readonly trade: TradeEvent
}

const byId = (a: Numbered, b: Numbered): number => a.id < b.id ? -1 : a.id > b.id ? 1 : 0

/** Every trade of a good answer, lowest id first, or why it is none. One that cannot be read would leave a hole. */
const tradesIn = (
  endpoint: HistoryEndpoint,
  message: unknown,
  { body, receivedAtMicros }: HistoryResponse,
  symbol: string
): ReadonlyArray<Numbered> | string => {
  const values = at(message, endpoint.tradesPath)
  const array = valueAtPath(body, endpoint.tradesPath)
  if (!Array.isArray(values) || array === null) return "an answer without a list of trades"
  if (containsEscapedKey(body)) return "an answer that has a key with an escape"
  const spans = elements(body, array)
  const trades: Array<Numbered> = []
  for (const [i, span] of spans.entries()) {
    const trade = endpoint.readTrade(values[i], slice(body, span), symbol, receivedAtMicros)
    if (typeof trade === "string") return trade
    const id = idOf(trade.tradeId)
    if (id === null) return `trade with an id that is not a number, ${clipped(trade.tradeId)}`
    trades.push({ id, trade: { ...trade, origin: "repair" } })
  }
  return trades.toSorted(byId)
}

const readAnswer = (
  endpoint: HistoryEndpoint,
  wanted: Wanted,
  url: string,
  response: HistoryResponse
): HistoryAnswer => {
  const after = idOf(wanted.afterId)
  const before = idOf(wanted.beforeId)
  if (after === null || before === null) return refused("trades can only be fetched between ids that are numbers")
  const { body, status } = response
  const decoded = decode(body)
  const message = decoded._tag === "Json" ? decoded.value : null
  const complaint = isObject(message) ? endpoint.complaint(message) : null
  const pause = complaint?.pauseMillis ?? endpoint.pauseMillis(response) ?? (status >= 500 ? serverTroubleMillis : null)
  if (pause !== null) return busy(response, pause)
  if (status !== 200 || complaint !== null) return refusal(status, complaint)
  if (decoded._tag === "NotJson") return refused(`an answer that is not JSON: ${clipped(decoded.reason)}`)
  const trades = tradesIn(endpoint, message, response, wanted.symbol)
  if (typeof trades === "string") return refused(trades)
  const turn = endpoint.turn({ after, before }, url, trades.map(({ id }) => id))
  if (typeof turn === "string") return refused(turn)
  return { _tag: "Page", trades: trades.map(({ trade }) => trade), ...turn }
}

/** The trade history behind an endpoint. */
export const tradeHistory = (endpoint: HistoryEndpoint): TradeHistory => ({
  limit: endpoint.limit,
  horizonMillis: endpoint.horizonMillis,
  first: endpoint.first,
  read: (wanted, url, response) => readAnswer(endpoint, wanted, url, response)
})
