/** What an error says to the operator: the operating system's own words where they are among its causes. */
export const errorText = (error: unknown): string => {
  for (let each = error; each instanceof Error; each = each.cause) {
    if ("code" in each && "syscall" in each) return each.message
  }
  return error instanceof Error ? error.message : String(error)
}
