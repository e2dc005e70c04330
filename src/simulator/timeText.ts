let cachedSecond = Number.NaN
let cachedText = ""

/** `2026-08-24T22:34:13` of a UTC second. Remembers the last one: a busy market asks thousands of times a second. */
export const secondText = (epochSeconds: number): string => {
  if (epochSeconds !== cachedSecond) {
    cachedSecond = epochSeconds
    cachedText = new Date(epochSeconds * 1000).toISOString().slice(0, 19)
  }
  return cachedText
}

/** Drops the zeros at the end of a fraction, and the point with the last of them, as Go does: `.8231`, ``. */
const trimmedFraction = (digits: string): string => {
  let end = digits.length
  while (end > 0 && digits.charCodeAt(end - 1) === 48) end--
  return end === 0 ? "" : `.${digits.slice(0, end)}`
}

/** A moment as milliseconds since the epoch and the nanoseconds within that millisecond. */
export interface Moment {
  readonly millis: number
  /** 0 to 999,999. */
  readonly nanos: number
}

const fraction = ({ millis, nanos }: Moment): string =>
  String(millis % 1000).padStart(3, "0") + String(nanos).padStart(6, "0")

/** RFC 3339 with zero to nine fractional digits, as Coinbase stamps its messages. */
export const rfc3339 = (moment: Moment): string =>
  `${secondText(Math.floor(moment.millis / 1000))}${trimmedFraction(fraction(moment))}Z`

/** RFC 3339 with exactly six fractional digits, as Coinbase writes the times of trades and levels. */
export const rfc3339Micros = (epochMicros: number): string =>
  `${secondText(Math.floor(epochMicros / 1_000_000))}.${String(epochMicros % 1_000_000).padStart(6, "0")}Z`

/** Go's `time.String()` with its monotonic reading, as in Coinbase heartbeats. */
export const goTime = (moment: Moment, monotonicSeconds: number): string => {
  const text = secondText(Math.floor(moment.millis / 1000)).replace("T", " ")
  const monotonic = `${monotonicSeconds}.${fraction(moment)}`
  return `${text}${trimmedFraction(fraction(moment))} +0000 UTC m=+${monotonic}`
}

/** Gives moments that never repeat, so that two messages with the same content still differ. */
export class MomentSource {
  #millis = 0
  #nanos = 0

  at(millis: number, jitterNanos: number): Moment {
    if (millis > this.#millis) {
      this.#millis = millis
      this.#nanos = jitterNanos
    } else if (this.#nanos >= 999_998) {
      this.#millis++
      this.#nanos = jitterNanos % 1000
    } else {
      this.#nanos++
    }
    return { millis: this.#millis, nanos: this.#nanos }
  }
}
