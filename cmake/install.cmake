install(TARGETS hoarfrost RUNTIME DESTINATION bin)
