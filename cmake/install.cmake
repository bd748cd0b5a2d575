install(TARGETS hoarfrost RUNTIME DESTINATION bin)
# Loaded only under mpirun (src/distributed/join.cpp looks for it here).
install(TARGETS hoarfrost_mpi LIBRARY DESTINATION lib/hoarfrost)
