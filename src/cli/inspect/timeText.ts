/** Microseconds since the epoch as ISO 8601, UTC, exact: `2026-11-22T08:21:03.089417Z`. */
export const exactTime = (micros: number): string => {
  const millis = Math.floor(micros / 1000)
  return new Date(millis).toISOString().replace("Z", `${String(micros - millis * 1000).padStart(3, "0")}Z`)
}

/** The same for a table: UTC, to the millisecond, without what all lines share. */
export const shortTime = (micros: number): string =>
  new Date(Math.floor(micros / 1000)).toISOString().replace("T", " ").replace("Z", "")
