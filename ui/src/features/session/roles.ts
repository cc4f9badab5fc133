import type { Schema } from '@/lib/api'

/** Whether role may change instances and reveal passwords. The server decides; this spares a click. */
export function canOperate(role: Schema<'Role'>): boolean {
  return role !== 'viewer'
}
