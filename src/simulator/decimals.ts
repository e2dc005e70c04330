/**
 * The venues' ways of writing the number `units / 10 ** decimals`. Prices and sizes are whole units inside the
 * simulator, so that no binary fraction ever shows in a text.
 */

/** Exactly `decimals` digits after the point: `83034.29`. */
export const fixed = (units: number, decimals: number): string => {
  const digits = String(units)
  if (decimals === 0) return digits
  return digits.length > decimals
    ? `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`
    : `0.${"0".repeat(decimals - digits.length)}${digits}`
}

/** Always eight digits after the point, as Binance writes everything: `83034.29000000`. */
export const fixed8 = (units: number, decimals: number): string =>
  decimals === 0 ? `${units}.00000000` : fixed(units, decimals) + "00000000".slice(decimals)

/** Without trailing zeros, as OKX, Bybit and Coinbase write: `78722.3`, `78715`, `0`. */
export const trimmed = (units: number, decimals: number): string => {
  const text = fixed(units, decimals)
  if (decimals === 0) return text
  let end = text.length
  while (text.charCodeAt(end - 1) === 48) end--
  return text.slice(0, text.charCodeAt(end - 1) === 46 ? end - 1 : end)
}

/** As Java prints a double, which is how Upbit writes its books: `1.16539E8`, `7.9276E-4`, `127.0`, `0.02054761`. */
export const javaDouble = (units: number, decimals: number): string => {
  if (units === 0) return "0.0"
  const { digits, exponent } = scientific(units, decimals)
  if (exponent >= 7 || exponent < -3) return `${digits[0]}.${digits.slice(1) || "0"}E${exponent}`
  return withPoint(units, decimals)
}

/** As Java prints a stripped BigDecimal, which is how Upbit writes some sizes: `6E-8`, `0.00906333`, `106705000`. */
export const bigDecimal = (units: number, decimals: number): string => {
  if (units === 0) return "0"
  const { digits, exponent } = scientific(units, decimals)
  if (exponent >= -6) return trimmed(units, decimals)
  return digits.length === 1 ? `${digits}E${exponent}` : `${digits[0]}.${digits.slice(1)}E${exponent}`
}

/** As Python prints a float, which is how Upbit answers over HTTP: `91200000.0`, `0.00010971`, `5.485e-05`. */
export const pythonFloat = (units: number, decimals: number): string => {
  if (units < 0) return `-${pythonFloat(-units, decimals)}`
  if (units === 0) return "0.0"
  const { digits, exponent } = scientific(units, decimals)
  if (exponent >= -4) return withPoint(units, decimals)
  const fraction = digits.length === 1 ? "" : `.${digits.slice(1)}`
  return `${digits[0]}${fraction}e-${String(-exponent).padStart(2, "0")}`
}

/** The number itself. Exact rounding: both sides of the division are exact doubles. */
export const toNumber = (units: number, decimals: number): number => units / 10 ** decimals

const withPoint = (units: number, decimals: number): string => {
  const text = trimmed(units, decimals)
  return text.includes(".") ? text : `${text}.0`
}

const scientific = (units: number, decimals: number) => {
  const digits = String(units)
  return { digits: digits.replace(/0+$/, ""), exponent: digits.length - 1 - decimals }
}
