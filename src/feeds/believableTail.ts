import type { Sink } from "../sinks/Sink.ts"

type Memory = Sink["memory"]

/**
 * What is known of the newest row. A receive time that is still to come was given by a clock that was ahead: the beginning of the file that
 * was sealed last, which is in its name, is then the latest time of which it is known that something was received.
 */
export const believableTail = ({ previousFile, tail }: Memory, nowMicros: number): Memory["tail"] => {
  if (tail === null || tail.lastReceivedMicros <= nowMicros) return tail
  const beganMillis = Number(/(\d+)\.parquet$/.exec(previousFile?.path ?? "")?.[1])
  const beganMicros = Number.isSafeInteger(beganMillis) ? beganMillis * 1000 : nowMicros
  return { ...tail, lastReceivedMicros: Math.min(beganMicros, nowMicros) }
}
