"""What ``lamina doctor`` looks at: each module gives findings about one thing and changes nothing."""
