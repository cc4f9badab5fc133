import type { Schema } from '@/lib/api'
import { humanCPU, humanMemory, humanStorage } from '@/lib/size'

const sizes: Record<string, { label: string; human: (amount: number) => string }> = {
  cpu_millis: { label: 'CPU', human: humanCPU },
  memory_mib: { label: 'Memory', human: humanMemory },
  storage_gib: { label: 'Storage', human: humanStorage },
}

/** What changes, from what to what. */
export function changeText({ field, from, to }: Schema<'PlannedChange'>): string {
  const size = sizes[field]
  if (size) return `${size.label}: ${size.human(Number(from))} → ${size.human(Number(to))}`
  if (field === 'allowed_cidrs') return `Allowed networks: ${from ?? 'all'} → ${to ?? 'all'}`
  return `${field.replace(/^parameters\./, '')}: ${from ?? 'not set'} → ${to ?? 'not set'}`
}
