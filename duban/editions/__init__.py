"""A campaign's year: applied from a file, changed, published, its dates and its workdays."""
