import { STATUS_CODES } from "node:http"
import type { Duplex } from "node:stream"
import type { Venue } from "../domain/Venue.ts"

/** Answers a handshake with a plain HTTP response and ends the connection. */
export const refuse = (socket: Duplex, status: number, body: string, retryAfterSecs?: number) => {
  socket.on("error", () => {})
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Refused"}`,
      ...(retryAfterSecs === undefined ? [] : [`Retry-After: ${retryAfterSecs}`]),
      `Content-Type: ${body.startsWith("{") ? "application/json" : "text/html"}`,
      `Content-Length: ${Buffer.byteLength(body)}`,
      "Connection: close",
      "",
      body
    ].join("\r\n")
  )
}

/** What the venues say beside the status, where it is known. */
export const refusalBody = (venue: Venue, status: number): string => {
  if (venue === "binance" && status === 451) {
    return "{\"code\":0,\"msg\":\"Service unavailable from a restricted location according to 'b. Eligibility' in https://www.binance.com/en/terms. Please contact customer service if you believe you received this message in error.\"}"
  }
  if (venue === "binance" && (status === 418 || status === 429)) {
    return "{\"code\":-1003,\"msg\":\"Too many requests.\"}"
  }
  if (venue === "bybit" && status === 403) return "access too frequent"
  return STATUS_CODES[status] ?? ""
}
