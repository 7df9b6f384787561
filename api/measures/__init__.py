"""How well the office reviews: numbers, alarms, holds on cameras. It looks at decisions and changes none."""
