/** text with a capital at its start, as a sentence has it. Quoted names stay as they are. */
export function sentence(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1)
}
