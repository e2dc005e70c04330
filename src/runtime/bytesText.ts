const units = ["KiB", "MiB", "GiB", "TiB"] as const

/** A number of bytes for people. */
export const bytesText = (bytes: number): string => {
  if (bytes < 1024) return `${bytes} B`
  let scaled = bytes / 1024
  let unit = 0
  while (scaled >= 1024 && unit < units.length - 1) {
    scaled /= 1024
    unit++
  }
  return `${scaled.toFixed(1)} ${units[unit]}`
}
