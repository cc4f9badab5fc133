import {
  Activity,
  Container,
  Database,
  LayoutDashboard,
  Layers,
  ListChecks,
  ScrollText,
  Users,
  type LucideIcon,
} from 'lucide-react'

import { canManageUsers } from '@/features/session/roles'
import type { Schema } from '@/lib/api'

interface NavigationItem {
  to: '/' | '/instances' | '/batches' | '/operations' | '/runtime-images' | '/system' | '/people' | '/audit'
  label: string
  icon: LucideIcon
}

interface NavigationGroup {
  /** What its items have in common; the first group needs no word. */
  title?: string
  items: NavigationItem[]
}

const everybody: NavigationGroup[] = [
  {
    items: [
      { to: '/', label: 'Dashboard', icon: LayoutDashboard },
      { to: '/instances', label: 'Instances', icon: Database },
      { to: '/batches', label: 'Batches', icon: Layers },
      { to: '/operations', label: 'Operations', icon: ListChecks },
    ],
  },
  {
    title: 'Platform',
    items: [
      { to: '/runtime-images', label: 'Runtime images', icon: Container },
      { to: '/system', label: 'System', icon: Activity },
    ],
  },
]

const administration: NavigationGroup = {
  title: 'Administration',
  items: [
    { to: '/people', label: 'People', icon: Users },
    { to: '/audit', label: 'Audit log', icon: ScrollText },
  ],
}

/** The pages that somebody with that role is led to, in order. */
export function navigationOf(role: Schema<'Role'>): NavigationGroup[] {
  return canManageUsers(role) ? [...everybody, administration] : everybody
}
