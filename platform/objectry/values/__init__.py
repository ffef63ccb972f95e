"""Values every room shares: names, ids, exact numbers, text, dates, currencies, countries."""
