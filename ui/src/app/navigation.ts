import { Database, type LucideIcon } from 'lucide-react'

interface NavigationItem {
  to: '/instances'
  label: string
  icon: LucideIcon
}

/** The pages that the header leads to, in order. */
export const navigation: NavigationItem[] = [{ to: '/instances', label: 'Instances', icon: Database }]
