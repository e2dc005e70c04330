import { Result } from "effect"
import { type Venue, venues } from "../domain/Venue.ts"
import {
  type ConnectionFault,
  garbageForms,
  type HandshakeFault,
  lieForms,
  type RequestFault,
  type ScheduledFault,
  type Target
} from "./Fault.ts"

/** How a fault is written on the command line, for the help. */
export const description =
  `something that goes wrong again and again, repeatable: [VENUE[/SYMBOL][#N]:]KIND=WHEN[,DETAIL...]
  WHEN is the mean time between two (500ms, 30s, 5m), each of which one connection suffers, or a percentage of the
  messages with market data (0.1%). Faults of the handshake and of requests over HTTP take a percentage of those. #N means
  the N-th of the open connections that match, which tells redundant ones apart.
    disconnect[,CODE]    a close frame (1001)          gap[,MESSAGES]    messages that never arrive (1)
    abrupt               the socket is destroyed       duplicate         a message arrives twice
    half-open            nothing is sent or answered   reorder           a message is overtaken by the next
    stall[,DURATION]     no market data (10s)          notice[,LEAD]     the venue announces a disconnect (1m)
    hang-close           close frames stay unanswered  restart           the venue numbers its books anew
    restart-trades       the venue numbers its trades anew, from a low number on
    garbage[,FORM]       broken-json, binary, unknown or huge frames (broken-json)
    burst[,FILLS]        one taker order with that many fills (1000)
    refuse[,STATUS[,RETRY-AFTER]]  the handshake is refused (503)
    tcp-close            the handshake is not answered, the TCP connection closed
    no-handshake         the handshake is never answered
    rest-status[,STATUS[,RETRY-AFTER]]  a status instead of past trades (500)
    rest-lie[,FORM]      past trades with wrong ids, of another symbol, with duplicates or holes (ids)
    rest-short[,TRADES]  no more than so many past trades (0)
    rest-broken          half of an answer             rest-silent       no answer at all
  For example: --fault disconnect=30s --fault gap=0.1%,3 --fault okx/BTC-USDT:stall=1m,10s --fault binance:refuse=20%,429,30
    --fault bybit/BTCUSDT#2:abrupt=1m --fault upbit:rest-status=10%,429,5 --fault okx:rest-lie=5%,holes`

/** Reads one fault, or says what is wrong with it. */
export const parse = (text: string): Result.Result<ScheduledFault, string> => {
  const parts = /^(?:([a-z]+)(?:\/([^:#]+))?(?:#([1-9]\d?))?:)?([a-z-]+)=([^,]+)((?:,[^,]+)*)$/.exec(text)
  if (parts === null) return Result.fail(`"${text}" is not of the form [VENUE[/SYMBOL][#N]:]KIND=WHEN[,DETAIL...]`)
  const [, venue, symbol, nth, kind = "", when = "", rest = ""] = parts
  const target = parseTarget(venue, symbol, nth)
  if (target === null) return Result.fail(`"${venue}" is no venue: expected one of ${venues.join(", ")}`)
  const moment = parseWhen(when)
  if (moment === null) {
    return Result.fail(`"${when}" is neither an interval such as 30s nor a percentage of up to 100 such as 0.1%`)
  }
  const details = rest === "" ? [] : rest.slice(1).split(",")
  const connection = connectionFault(kind, details)
  if (connection !== null) return Result.succeed({ fault: connection, target, when: moment })
  const handshake = handshakeFault(kind, details) ?? requestFault(kind, details)
  if (handshake === null) {
    return Result.fail(`"${[kind, ...details].join(",")}" is no fault: expected one of ${kinds.join(", ")}`)
  }
  if ("everyMillis" in moment) {
    const met = kind.startsWith("rest-") ? "requests" : "handshakes"
    return Result.fail(`${kind} meets ${met}, so it takes a percentage of them such as ${kind}=20%, not "${when}"`)
  }
  return Result.succeed({ fault: handshake, target, when: moment })
}

const kinds = [
  "disconnect",
  "abrupt",
  "stall",
  "half-open",
  "garbage",
  "gap",
  "duplicate",
  "reorder",
  "notice",
  "hang-close",
  "restart",
  "restart-trades",
  "burst",
  "refuse",
  "tcp-close",
  "no-handshake",
  "rest-status",
  "rest-lie",
  "rest-short",
  "rest-broken",
  "rest-silent"
]

const defaultStallMillis = 10_000
const defaultBurstFills = 1_000
const defaultRefusal = 503
const defaultStatus = 500

const connectionFault = (kind: string, [detail, ...more]: ReadonlyArray<string>): ConnectionFault | null => {
  if (more.length > 0) return null
  switch (kind) {
    case "disconnect": {
      const code = wholeNumber(detail, 1001)
      return code !== null && code >= 1000 && code <= 4999 ? { kind, code } : null
    }
    case "stall": {
      const forMillis = detail === undefined ? defaultStallMillis : parseDuration(detail)
      return forMillis === null ? null : { kind, forMillis }
    }
    case "garbage": {
      const form = garbageForms.find((each) => each === (detail ?? "broken-json"))
      return form === undefined ? null : { kind, form }
    }
    case "gap": {
      const count = wholeNumber(detail, 1)
      return count === null ? null : { kind, count }
    }
    case "burst": {
      const fills = wholeNumber(detail, defaultBurstFills)
      return fills === null ? null : { kind, fills }
    }
    case "notice": {
      if (detail === undefined) return { kind }
      const leadMillis = parseDuration(detail)
      return leadMillis === null ? null : { kind, leadMillis }
    }
    case "abrupt":
    case "half-open":
    case "duplicate":
    case "reorder":
    case "hang-close":
    case "restart":
    case "restart-trades":
      return detail === undefined ? { kind } : null
    default:
      return null
  }
}

const handshakeFault = (kind: string, details: ReadonlyArray<string>): HandshakeFault | null => {
  if (kind === "tcp-close" || kind === "no-handshake") return details.length === 0 ? { kind } : null
  const refusal = kind === "refuse" ? refusalOf(details, defaultRefusal) : null
  return refusal === null ? null : { kind: "refuse", ...refusal }
}

const requestFault = (kind: string, details: ReadonlyArray<string>): RequestFault | null => {
  const [detail, ...more] = details
  if (kind === "rest-status") {
    const refusal = refusalOf(details, defaultStatus)
    return refusal === null ? null : { kind, ...refusal }
  }
  if (more.length > 0) return null
  switch (kind) {
    case "rest-lie": {
      const form = lieForms.find((each) => each === (detail ?? "ids"))
      return form === undefined ? null : { kind, form }
    }
    case "rest-short": {
      const trades = detail === "0" ? 0 : wholeNumber(detail, 0)
      return trades === null ? null : { kind, trades }
    }
    case "rest-broken":
    case "rest-silent":
      return detail === undefined ? { kind } : null
    default:
      return null
  }
}

/** `STATUS[,RETRY-AFTER]`. */
const refusalOf = (
  [first, second, ...more]: ReadonlyArray<string>,
  fallback: number
): { readonly status: number; readonly retryAfterSecs?: number } | null => {
  const status = wholeNumber(first, fallback)
  if (more.length > 0 || status === null || status < 400 || status > 599) return null
  if (second === undefined) return { status }
  const retryAfterSecs = wholeNumber(second, 0)
  return retryAfterSecs === null ? null : { status, retryAfterSecs }
}

const parseTarget = (
  venue: string | undefined,
  symbol: string | undefined,
  nth: string | undefined
): Target | null => {
  if (venue === undefined) return {}
  const known = venues.find((each): each is Venue => each === venue)
  if (known === undefined) return null
  return {
    venue: known,
    ...(symbol === undefined ? {} : { symbol }),
    ...(nth === undefined ? {} : { nth: Number(nth) })
  }
}

const parseWhen = (text: string): ScheduledFault["when"] | null => {
  if (!text.endsWith("%")) {
    const everyMillis = parseDuration(text)
    return everyMillis === null ? null : { everyMillis }
  }
  const percent = /^\d+(?:\.\d+)?%$/.test(text) ? Number(text.slice(0, -1)) : Number.NaN
  return percent > 0 && percent <= 100 ? { probability: percent / 100 } : null
}

const unitMillis: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }

const parseDuration = (text: string): number | null => {
  const parts = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text)
  const millis = Number(parts?.[1]) * (unitMillis[parts?.[2] ?? ""] ?? Number.NaN)
  return millis > 0 ? millis : null
}

const wholeNumber = (text: string | undefined, fallback: number): number | null => {
  if (text === undefined) return fallback
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : null
}
