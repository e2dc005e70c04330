/** A shorter wait is as long as it is asked for. */
const shortestMillis = 5000

/**
 * How long to wait, milliseconds, for `millis` or up to a second less, so that it ends with a second of the monotonic clock. A thousand
 * connections that ping all at their own moments wake the process two hundred times a second; together they do it in a few.
 */
export const toWholeSecond = (nowMillis: number, millis: number): number =>
  millis < shortestMillis ? millis : millis - (nowMillis + millis) % 1000
