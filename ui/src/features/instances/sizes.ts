import type { Schema } from '@/lib/api'
import { humanCPU, humanMemory } from '@/lib/size'

/** A pair of CPU and memory that can be chosen with one click. */
export interface Size {
  key: string
  title: string
  detail: string
  cpuMillis: number
  memoryMiB: number
}

const factors = [
  { key: 'small', title: 'Small', factor: 0.5 },
  { key: 'medium', title: 'Medium', factor: 1 },
  { key: 'large', title: 'Large', factor: 2 },
]

/** The sizes around the offer's default that keep within its bounds. */
export function sizesOf(offer: Schema<'Offer'>): Size[] {
  const within = (n: number, range: Schema<'Range'>) =>
    Number.isInteger(n) && n >= range.min && n <= range.max
  return factors
    .map(({ key, title, factor }) => {
      const cpuMillis = offer.cpu_millis.default * factor
      const memoryMiB = offer.memory_mib.default * factor
      return {
        key,
        title,
        cpuMillis,
        memoryMiB,
        detail: `${humanCPU(cpuMillis)} · ${humanMemory(memoryMiB)}`,
      }
    })
    .filter((size) => within(size.cpuMillis, offer.cpu_millis) && within(size.memoryMiB, offer.memory_mib))
}
