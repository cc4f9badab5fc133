import { Container, Database, type LucideIcon } from 'lucide-react'

interface NavigationItem {
  to: '/instances' | '/runtime-images'
  label: string
  icon: LucideIcon
}

/** The pages that the header leads to, in order. */
export const navigation: NavigationItem[] = [
  { to: '/instances', label: 'Instances', icon: Database },
  { to: '/runtime-images', label: 'Images', icon: Container },
]
