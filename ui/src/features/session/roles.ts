import type { Schema } from '@/lib/api'

/** Whether role may change instances and reveal passwords. The server decides; this spares a click. */
export function canOperate(role: Schema<'Role'>): boolean {
  return role !== 'viewer'
}

/** Whether role may change what all instances are made of. */
export function canAdminister(role: Schema<'Role'>): boolean {
  return role === 'admin'
}

/** Whether role may manage users and see the audit log. */
export function canManageUsers(role: Schema<'Role'>): boolean {
  return role === 'admin'
}
