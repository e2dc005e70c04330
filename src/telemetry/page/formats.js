// @ts-check

/** What stands where nothing is known. */
export const unknown = "–"

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 })
const tenths = new Intl.NumberFormat("en-US", { minimumFractionDigits: 1, maximumFractionDigits: 1 })

/** @param {number} value */
export const count = (value) => whole.format(value)

/**
 * With a decimal where it matters.
 * @param {number} value
 */
export const rate = (value) => value < 100 ? tenths.format(value) : whole.format(value)

/** @param {number | null} value */
export const millis = (value) =>
  value === null ? unknown : `${Math.abs(value) < 10 ? tenths.format(value) : whole.format(value)} ms`

const percents = new Intl.NumberFormat("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 3 })

/**
 * A share; only all of it is 100 %.
 * @param {number} value
 */
export const percent = (value) => value === 1 ? "100 %" : `${percents.format(value * 100)} %`

const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]

/** @param {number | null} value */
export const bytes = (value) => {
  if (value === null) return unknown
  let scaled = value
  let unit = 0
  while (scaled >= 1024 && unit < units.length - 1) {
    scaled /= 1024
    unit++
  }
  return `${unit === 0 || scaled >= 100 ? whole.format(scaled) : tenths.format(scaled)} ${units[unit]}`
}

/**
 * The two largest units.
 * @param {number} value in milliseconds
 */
export const duration = (value) => {
  const seconds = Math.max(0, Math.floor(value / 1000))
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`
}

/**
 * Calm for what is alive: a feed that delivers shows the same text all the time.
 * @param {number} value in milliseconds
 */
export const age = (value) => value < 1000 ? "< 1 s" : duration(value)

/**
 * When within the last day; null where all of it is meant, or nearly.
 * @param {number} since milliseconds since the epoch
 * @param {number} now
 */
export const withinDay = (since, now) => now - since > 86_000_000 ? null : timeOfDay(since).slice(0, 5)

/**
 * Hours, minutes and seconds, UTC.
 * @param {number} value milliseconds since the epoch
 */
export const timeOfDay = (value) => new Date(value).toISOString().slice(11, 19)
