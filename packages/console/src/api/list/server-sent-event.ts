/** `data` has no line breaks. */
export function serverSentEvent(event: string, data: string): string {
  return `event: ${event}\ndata: ${data}\n\n`
}
