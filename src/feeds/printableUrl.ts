/** A URL as it may stand in a log line: its query may hold a key. */
export const printableUrl = (url: string): string => url.replace(/\?.*$/s, "")
