import { ChevronDown, KeyRound, LogOut, Monitor, Moon, Sun } from 'lucide-react'

import { Button } from '@/components/button'
import { Menu, MenuChoice, MenuItem, MenuLabel, MenuSeparator } from '@/components/menu'
import type { Schema } from '@/lib/api'
import { setTheme, useTheme, type Theme } from '@/lib/theme'

const themes: { value: Theme; label: string; icon: React.ReactNode }[] = [
  { value: 'light', label: 'Light', icon: <Sun aria-hidden /> },
  { value: 'dark', label: 'Dark', icon: <Moon aria-hidden /> },
  { value: 'system', label: 'System', icon: <Monitor aria-hidden /> },
]

interface Props {
  me: Schema<'Me'>
  onAccount: () => void
  onSignOut: () => void
}

export function UserMenu({ me, onAccount, onSignOut }: Props) {
  const theme = useTheme()
  return (
    <Menu
      label={`User menu of ${me.username}`}
      trigger={
        <Button look="ghost" className="px-2">
          <span
            aria-hidden
            className="grid size-6 place-items-center rounded-full bg-accent-wash text-xs font-semibold text-accent-strong uppercase"
          >
            {me.username.slice(0, 1)}
          </span>
          <span className="hidden max-w-40 truncate sm:inline">{me.username}</span>
          <ChevronDown aria-hidden />
        </Button>
      }
    >
      <MenuLabel>
        Signed in as <span className="font-medium text-ink">{me.username}</span> ({me.role})
      </MenuLabel>
      <MenuSeparator />
      <MenuItem onSelect={onAccount}>
        <KeyRound aria-hidden />
        Your account
      </MenuItem>
      <MenuSeparator />
      <MenuChoice label="Theme" value={theme} choices={themes} onChange={setTheme} />
      <MenuSeparator />
      <MenuItem onSelect={onSignOut}>
        <LogOut aria-hidden />
        Sign out
      </MenuItem>
    </Menu>
  )
}
