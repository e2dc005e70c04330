/** A length of time for people: `1.4 s`, and from ten seconds on `12 s`. */
export const secondsText = (millis: number): string => `${(millis / 1000).toFixed(millis < 10_000 ? 1 : 0)} s`
