const grouped = new Intl.NumberFormat("en")

/** A number for people: `123,456`. */
export const number = (value: number): string => grouped.format(value)

/** How many of something, for people: `1 file`, `123,456 rows`. */
export const quantity = (value: number, noun: string): string => `${number(value)} ${noun}${value === 1 ? "" : "s"}`
