/** How far the process is: it records nothing before `recording`. */
export type Phase = "starting" | "recovering" | "recording" | "stopping"

/** The process as a whole. */
export interface ProcessStats {
  /** Milliseconds since the epoch. */
  readonly startedAtMillis: number
  phase: Phase
}

/** A process that has just begun. */
export const make = (startedAtMillis: number): ProcessStats => ({ startedAtMillis, phase: "starting" })
