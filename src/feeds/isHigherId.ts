/** Ids are whole numbers as text, too long for a number. */
export const isHigherId = (id: string, than: string): boolean =>
  id.length === than.length ? id > than : id.length > than.length
